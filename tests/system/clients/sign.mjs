// Signs a webhook with an official library, and posts it: sign.mjs LIBRARY ENDPOINT SECRET BODY
//
// Prints the status of the answer.
const [library, endpoint, secret, body] = process.argv.slice(2);

/** The headers that a sender with this library sends. */
const signed = {
  async standardwebhooks() {
    const { Webhook } = await import("standardwebhooks");
    return standard("webhook", new Webhook(secret));
  },
  async svix() {
    const { Webhook } = await import("svix");
    return standard("svix", new Webhook(secret));
  },
  async stripe() {
    const { default: Stripe } = await import("stripe");
    const header = Stripe.webhooks.generateTestHeaderString({ payload: body, secret });
    return { "stripe-signature": header };
  },
  async octokit() {
    const { sign } = await import("@octokit/webhooks-methods");
    const signature = await sign(secret, body);
    return { "x-hub-signature-256": signature, "x-github-event": "issues", "x-github-delivery": "72d3162e-cc78-11e3-81ab" };
  },
};

function standard(prefix, webhook) {
  const now = new Date();
  return {
    [`${prefix}-id`]: "msg_1",
    [`${prefix}-timestamp`]: String(Math.floor(now / 1000)),
    [`${prefix}-signature`]: webhook.sign("msg_1", now, body),
  };
}

const headers = await signed[library]();
const answer = await fetch(endpoint, { method: "POST", headers, body, signal: AbortSignal.timeout(20_000) });
console.log(answer.status);
