"""A consumer of a JetStream stream that says what it was given: nats_consumer.py URL

Creates the stream RUNS of the subjects inlet.runs.>, prints {"ready": true}, and then {"id": …, "input": …, "sequence": …} for
each message before it acknowledges it.
"""

import asyncio
import json
import sys

import nats


def say(**members: object) -> None:
    print(json.dumps(members), flush=True)


async def main(url: str) -> None:
    connection = await nats.connect(url)
    stream = connection.jetstream()
    await stream.add_stream(name="RUNS", subjects=["inlet.runs.>"])
    subscription = await stream.subscribe("inlet.runs.>", durable="worker", manual_ack=True)
    say(ready=True)
    async for message in subscription.messages:
        sequence = message.metadata.sequence.stream
        say(id=message.headers["Nats-Msg-Id"], input=message.data.decode(), sequence=sequence, subject=message.subject)
        await message.ack()


asyncio.run(main(sys.argv[1]))
