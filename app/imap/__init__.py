"""IMAP: sessions over `imapclient`, with a transport, a reader and a tokenizer of our own.

`wire` is pure; `transport`, `dialogue` and `connection` talk; `session` and its neighbours do what the ports ask.
"""
