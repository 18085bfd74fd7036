"""The knowledge base: entries, the encoder, index snapshots, retrieval and calibration; imports nothing of ours."""
