"""The interface as one OpenAPI 3.1 document: one line a call, beside the shapes that they share.

To add a call, add a line to the ``CALLS`` of the part that it belongs to; tests say what is missing, and compare every
answer that they get from a desk with what stands here.
"""
