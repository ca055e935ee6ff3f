// Shows an inbox by GraphQL, through a client generated from the schema.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { graphql } from "./graphql";

const INBOX = graphql(`
  query Inbox($account: ID!) {
    account(id: $account) {
      mailboxes { name unread }
      mailbox(id: "inbox") {
        messages(first: 20) { nodes { subject from { name email } flags } }
      }
    }
  }
`);

export async function inbox(url: string, token: string, account: string): Promise<string[]> {
  const data = await ask(url, token, INBOX, { account });
  const mailboxes = data.account?.mailboxes ?? [];
  const messages = data.account?.mailbox?.messages?.nodes ?? [];
  return [
    ...mailboxes.map((one) => `${one.name} (${one.unread})`),
    ...messages.map(({ subject, from: [sender], flags }) => {
      return `${flags.includes("seen") ? " " : "*"} ${sender?.name ?? sender?.email ?? "?"}: ${subject}`;
    }),
  ];
}

async function ask<Data, Variables>(
  url: string, token: string, document: TypedDocumentNode<Data, Variables>, variables: Variables,
): Promise<Data> {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await answer.json()) as { data?: Data; errors?: { message: string }[] };
  if (data === undefined) throw new Error(errors?.map((one) => one.message).join(" "));
  return data;
}
