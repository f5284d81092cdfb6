"""AMQP 0-9-1 as the hot paths need it: a whole batch in one write, a confirmation or an ack for many at once.

pamqp encodes and decodes whatever is rare; the four frames of the hot paths are packed and read by hand. Measured
per message: 62 µs through a general client's publish, 3 µs here (docs/adr/0001).
"""
