"""Names of the topics, group and producers that belong to one generation of the state."""

from __future__ import annotations

from dataclasses import dataclass

TABLE = "tickets"


@dataclass(frozen=True, slots=True)
class Names:
    """Internal names of one installation (`app`) and one generation of its state."""

    app: str
    generation: int

    @property
    def group(self) -> str:
        """Consumer group, and the id of the Faust app."""
        return f"{self.app}-g{self.generation}"

    @property
    def changelog(self) -> str:
        """Changelog of the state; the name is Faust's."""
        return f"{self.group}-{TABLE}-changelog"

    @property
    def sums(self) -> str:
        """Sums of all partitions, for the scorer."""
        return f"{self.group}-sums"

    @property
    def scorer(self) -> str:
        """Topic of one partition without records: who owns it runs the scorer."""
        return f"{self.group}-scorer"

    @property
    def control(self) -> str:
        """Topic that says which generation is the current one; the same for all generations."""
        return f"{self.app}-control"

    @property
    def outbox(self) -> str:
        """Topic of the notifications that are still to be delivered; the same for all generations."""
        return f"{self.app}-outbox"

    def owner_id(self, partition: int) -> str:
        """Transactional id of the owner of one partition."""
        return f"{self.group}-{partition}"

    @property
    def scorer_id(self) -> str:
        """Transactional id of the scorer; the same for all generations, so that the newer one fences the older."""
        return f"{self.app}-scorer"
