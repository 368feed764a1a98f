"""`topics create`: the topics that csat-stream shares with others, made as they must be, and checked."""

from __future__ import annotations

from stream.cli.common import remark, write_lines
from stream.engine import topics
from stream.settings import Settings


async def create_topics(settings: Settings, partitions: int) -> None:
    """Create what is missing, say what was there, and check all; StartRefused with everything that is wrong."""
    wanted = [*topics.source_topics(settings, partitions), *topics.output_topics(settings, partitions)]
    async with topics.admin(settings) as client:
        created = await topics.create(client, settings, wanted)
        for topic in wanted:
            write_lines([f"{'created' if topic.name in created else 'exists '}  {topic.name}"])
        found = await topics.source_partitions(client, settings)
        await topics.check(client, settings, [*topics.source_topics(settings, found), *topics.output_topics(settings, found)])
    remark(f"all topics are as they must be, {found} partitions each")
