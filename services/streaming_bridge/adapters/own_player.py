"""What the beats of our own player need, put together."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.allowances import Allowance
from services.chassis.clock import Clock
from services.chassis.process import Background
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.group_commit import GroupCommit
from services.streaming_bridge.adapters.viewings import SqlViewings
from services.streaming_bridge.application.watching import Heard, Silence, Watching
from services.streaming_bridge.settings import BridgeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlayer:
    """The use case of beats, and the work that goes on behind it."""

    watching: Watching
    silence: Silence
    beats: GroupCommit[Heard, bool]

    def start(self, background: Background) -> None:
        """Start what it needs: none of it needs Kafka."""
        background.start("beats", self.beats.run())
        background.start("silence", self.silence.run())


def own_player(
    settings: BridgeSettings, engine: AsyncEngine, *, clock: Clock, committed: Callable[[], None]
) -> OwnPlayer:
    """Join its parts; `committed` is called when there is something new to publish."""
    viewings = SqlViewings(engine, committed=committed)
    beats = GroupCommit(viewings.hear)
    watching = Watching(
        box=SecretBox.derive(settings.secret, purpose="beats"),
        store=beats.submit,
        clock=clock,
        # All that five pages keep at most (60 beats each), and a dozen pages going on (24 beats a minute): beyond, no
        # page loses anything, it tells later.
        allowance=Allowance(most=300, seconds=750),
    )
    return OwnPlayer(watching=watching, silence=Silence(viewings, clock), beats=beats)
