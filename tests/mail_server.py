"""A mail server of one's own, which says what becomes of a message."""

import socketserver
import threading
from contextlib import contextmanager


class Talk(socketserver.StreamRequestHandler):
    """One connection of an SMTP client; the server says what becomes of its message."""

    def handle(self):
        self.say("220 sink")
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"DATA":
                    self.say("354 go on")
                    self.server.messages.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    if self.server.answer is None:
                        return
                    self.say(self.server.answer)
                case b"RCPT":
                    self.say(self.server.answer_to_recipient)
                case b"QUIT":
                    return
                case _:
                    self.say("250 fine")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mail_server(settings):
    """Let mail go to a server that keeps it; `answer` and `answer_to_recipient` say how it takes it, None hangs up."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.messages, server.answer, server.answer_to_recipient = [], "250 taken", "250 fine"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server
        server.shutdown()
