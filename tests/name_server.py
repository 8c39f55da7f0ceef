"""A name server on a port of this machine that says what a test lets it say; asked over UDP, as the product asks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """``records`` are TXT texts by name; ``failing`` names get SERVFAIL; ``asked`` is every question."""

    port: int
    records: dict[str, list[str]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes:
        """Return the answer to one question."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name in self.records:
            texts = [f'"{text}"' for text in self.records[name]]
            if texts:
                response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", texts))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Serve until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.1)
        server, over = NameServer(listening.getsockname()[1]), threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    wire, sender = listening.recvfrom(4096)
                except TimeoutError:
                    continue
                listening.sendto(server.answer(wire), sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            thread.join()
