"""The knowledge base: entries, the encoder, index snapshots, retrieval and calibration; imports nothing of ours."""

from kb_index.blas import choose

# Before any of its modules imports numpy, which looks for this once.
choose()
