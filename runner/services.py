"""Postgres, Valkey and the simulator for the length of one command, and their settings."""

from __future__ import annotations

from runner import postgres, roles, valkey
from runner.environment import Given, text
from runner.processes import Child, Program, Supervisor
from runner.state import Secrets, State

NAMES = (postgres.NAME, valkey.NAME, roles.SIMULATOR)


class Services:
    """The servers beside the site; each can be stopped and started again by its name."""

    def __init__(
        self,
        supervisor: Supervisor,
        state: State,
        given: Given,
        *,
        public_url: str,
        durable: bool = True,
    ) -> None:
        self.supervisor = supervisor
        self.state = state
        self.given = given
        self.durable = durable
        self.secrets: Secrets = state.secrets()
        self.ports = state.ports(*NAMES)
        self.settings = given.settings(state, self.secrets, self.ports, public_url=public_url)
        self.children: dict[str, Child] = {}

    @property
    def wanted(self) -> list[str]:
        """In the order of their start."""
        unwanted = {
            postgres.NAME: self.given.own_database,
            valkey.NAME: self.given.own_redis,
            roles.SIMULATOR: not self.given.simulated,
        }
        return [name for name in NAMES if not unwanted[name]]

    @property
    def is_demo(self) -> bool:
        return text(self.settings, "DEMO") == "True"

    @property
    def address(self) -> str:
        return text(self.settings, "PUBLIC_URL")

    def start(self, name: str, *, wait: bool = True) -> None:
        port = self.ports[name]
        if name == postgres.NAME:
            password = self.secrets.postgres_password
            self.children[name] = postgres.start(
                self.supervisor, self.state, port=port, password=password, durable=self.durable
            )
        elif name == valkey.NAME:
            password = self.secrets.valkey_password
            self.children[name] = valkey.start(
                self.supervisor, self.state, port=port, password=password, durable=self.durable
            )
        else:
            self.children[name] = self.supervisor.start(self._simulator())
            if wait:
                self.wait_for_simulator()

    def start_all(self, *, but: tuple[str, ...] = (), wait: bool = True) -> None:
        """Start what is wanted; without `wait`, the simulator may still be on its way."""
        for name in self.wanted:
            if name not in but:
                self.start(name, wait=wait)

    def wait_for_simulator(self) -> None:
        if child := self.children.get(roles.SIMULATOR):
            port = self.ports[roles.SIMULATOR]
            self.supervisor.wait_until(lambda: roles.listens(port), child=child, seconds=60)

    def stop(self, name: str) -> None:
        self.supervisor.stop(self.children.pop(name))

    def kill(self, name: str) -> None:
        """End it as a crash would."""
        child = self.children.pop(name)
        child.popen.kill()
        child.popen.wait()
        self.supervisor.let_go(child)

    def _simulator(self) -> Program:
        return roles.simulator(
            self.settings,
            port=self.ports[roles.SIMULATOR],
            public_url=self.address,
            state=self.state.folder / "simulator.json" if self.durable else None,
        )
