"""Faust with its own transport, store, flush and fencing."""
