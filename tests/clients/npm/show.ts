// Prints the inbox of $ACCOUNT at $URL, by REST and by GraphQL, as JSON.
import { inbox as byGraphQL } from "./inbox_graphql";
import { inbox as byRest } from "./inbox_rest";

declare const process: { env: Record<string, string | undefined> };

async function show({ URL: url = "", TOKEN: token = "", ACCOUNT: account = "" }): Promise<void> {
  console.log(JSON.stringify([await byRest(url, token, account), await byGraphQL(url, token, account)]));
}

void show(process.env);
