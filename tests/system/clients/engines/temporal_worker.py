"""A worker of Temporal whose workflow says what it was given: temporal_worker.py ADDRESS

Prints {"ready": true}, and then {"id": …, "input": …} for each workflow that began. A workflow whose data has "wait": true
waits until it is canceled, and prints {"canceled": id} then. It takes its input as bytes, because Python's floats write 39.50
as 39.5.
"""

import asyncio
import json
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import Worker

TASK_QUEUE = "inlet"
PATIENCE = timedelta(seconds=30)


def say(**members: object) -> None:
    print(json.dumps(members), flush=True)


@activity.defn
async def record(text: str) -> None:
    say(id=activity.info().workflow_id, input=text)


@activity.defn
async def record_cancellation() -> None:
    say(canceled=activity.info().workflow_id)


@workflow.defn(name="order-confirmation")
class OrderConfirmation:
    @workflow.run
    async def run(self, run: RawValue) -> None:
        text = run.payload.data.decode()
        await workflow.execute_activity(record, text, start_to_close_timeout=PATIENCE)
        if json.loads(text)["data"]["wait"]:
            try:
                await workflow.wait_condition(lambda: False)
            except asyncio.CancelledError:
                await workflow.execute_activity(record_cancellation, start_to_close_timeout=PATIENCE)
                raise


async def main(address: str) -> None:
    client = await Client.connect(address)
    activities = [record, record_cancellation]
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[OrderConfirmation], activities=activities):
        say(ready=True)
        await asyncio.Event().wait()


# Temporal imports this file again into the sandbox of a workflow.
if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
