"""How Python's programs of checks reach MySQL and MariaDB by PyMySQL, and all that the gateway gave them."""

from pymysql.connections import Connection

from checks import handover, hides

_received = bytearray()
_read_bytes = Connection._read_bytes


def _read_and_keep(self, count):
    read = _read_bytes(self, count)
    if self.port == handover.port:
        _received.extend(read)
    return read


Connection._read_bytes = _read_and_keep


def tls():
    """What PyMySQL needs to verify the gateway."""
    return {"ssl_ca": handover.caFile, "ssl_verify_cert": True, "ssl_verify_identity": True}


def received_nothing_hidden():
    """Nothing hidden stands in any byte that the gateway gave."""
    assert len(_received) > 10_000, f"only {len(_received)} bytes were seen"
    assert b"Customer One" in _received
    hides(_received.decode("latin1"))
