// Shows an inbox by REST, through a client generated from the OpenAPI document.
import createClient from "openapi-fetch";
import type { components, paths } from "./rest";

type Summary = components["schemas"]["Summary"];

export async function inbox(url: string, token: string, account: string): Promise<string[]> {
  const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
  const tree = await client.GET("/v1/accounts/{account}/mailboxes", { params: { path: { account } } });
  if (tree.error) throw new Error(`${tree.error.code}: ${tree.error.detail}`);
  const page = await client.GET("/v1/accounts/{account}/mailboxes/{mailbox}/messages", {
    params: { path: { account, mailbox: "inbox" }, query: { limit: 20 } },
  });
  if (page.error) throw new Error(`${page.error.code}: ${page.error.detail}`);
  return [...tree.data.items.map((one) => `${one.name} (${one.unread})`), ...page.data.items.map(line)];
}

function line(message: Summary): string {
  const [sender] = message.from ?? [];
  return `${message.flags?.includes("seen") ? " " : "*"} ${sender?.name ?? sender?.email ?? "?"}: ${message.subject}`;
}
