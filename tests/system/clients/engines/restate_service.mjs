// A service of Restate whose handler says what it was given.
//
// Prints {"port": …} once it listens, and {"id": …, "input": …} for each invocation that it carried out. It takes its input as
// bytes, because JSON.parse rounds numbers.
import * as restate from "@restatedev/restate-sdk";

const print = (object) => console.log(JSON.stringify(object));

const orderConfirmation = restate.service({
  name: "order-confirmation",
  handlers: {
    run: restate.handlers.handler(
      { accept: "application/json", input: restate.serde.binary },
      async (context, bytes) => {
        const input = new TextDecoder().decode(bytes);
        await context.run("record", () => print({ id: context.request().id, input }));
      },
    ),
  },
});

print({ port: await restate.endpoint().bind(orderConfirmation).listen(0) });
