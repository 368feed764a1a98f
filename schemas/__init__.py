"""Contracts: what may be on each topic, in and out. One pydantic model per record; everything else is generated from them."""
