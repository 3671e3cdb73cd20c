"""A worker process at the other end of a pipe, for tests that speak to it without a client."""

import multiprocessing
from typing import Any

from engine.messages import decode_from_worker, encode
from engine.runtime.worker import serve

LONG = 60


class Line:
    """A worker at the other end of a pipe."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=serve, args=(theirs, "nodes:CATALOGUE"), daemon=True)
        self.process.start()
        theirs.close()

    def close(self) -> None:
        """End the pipe, and with it the worker."""
        self.pipe.close()
        self.process.join(LONG)
        assert self.process.exitcode == 0, "the end of the pipe ends the worker"

    def send(self, *messages: Any) -> None:
        for message in messages:
            self.pipe.send_bytes(encode(message))

    def hear(self) -> Any:
        assert self.pipe.poll(LONG), "the worker has nothing to say"
        return decode_from_worker(self.pipe.recv_bytes())

    def until(self, kind: type) -> list[Any]:
        """What comes, up to the first message of this type."""
        heard = [self.hear()]
        while not isinstance(heard[-1], kind):
            heard.append(self.hear())
        return heard
