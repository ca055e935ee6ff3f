"""Sockets to the outside: who may be dialled, connecting, and TLS, each under one deadline.

All but `http` blocks and is used from the pool's own threads, never from the event loop.
"""
