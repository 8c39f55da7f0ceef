"""A mail server for tests: ``python tests/smtp_server.py FOLDER NAME PASSWORD`` prints its port and serves.

It speaks SMTP (RFC 5321) with AUTH PLAIN (RFC 4954), takes mail only from who authenticated, and keeps each message as
it came in FOLDER. ``TEMPORARY`` in a recipient's address is answered with 451 the first time: try again.
"""

from __future__ import annotations

import base64
import socketserver
import sys
from pathlib import Path


class Session(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        """Answer line by line."""
        server: MailServer = self.server  # type: ignore[assignment]
        recipients: list[str] = []
        known = False
        self.say("220 mail.test ESMTP")
        while line := self.rfile.readline(1000).decode().strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                self.say("250-mail.test", "250-8BITMIME", "250 AUTH PLAIN")
            elif verb == "AUTH":
                known = base64.b64decode(line.split()[2]).decode().split("\0")[1:] == server.credentials
                self.say("235 welcome" if known else "535 no")
            elif not known and verb not in ("QUIT", "RSET"):
                self.say("530 authenticate first")
            elif verb == "RCPT" and "TEMPORARY" in line and line not in server.put_off:
                server.put_off.add(line)
                self.say("451 try again")
            elif verb == "RCPT":
                recipients.append(line)
                self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                message = b"".join(each.removeprefix(b".") if each[:2] == b".." else each for each in lines)
                server.keep(message)
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class MailServer(socketserver.ThreadingTCPServer):
    """The server with its folder."""

    daemon_threads = True

    def __init__(self, folder: Path, credentials: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.folder, self.credentials = folder, credentials
        self.put_off: set[str] = set()
        self.count = 0

    def keep(self, message: bytes) -> None:
        """Write a message to a file that is whole as soon as it has its name."""
        self.count += 1
        written = self.folder / f"{self.count}.part"
        written.write_bytes(message)
        written.rename(self.folder / f"{self.count}.eml")


if __name__ == "__main__":
    with MailServer(Path(sys.argv[1]), sys.argv[2:4]) as mail_server:
        print(mail_server.server_address[1], flush=True)
        mail_server.serve_forever()
