// Runs the audits of graphql-http against the address and token of the environment; prints each result as a JSON line.
import { serverAudits } from "graphql-http";

const authorization = `Bearer ${process.env.TOKEN}`;
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, authorization } });
for (const audit of serverAudits({ url: process.env.URL, fetchFn })) {
  const result = await audit.fn();
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status: result.status, reason: result.reason ?? null }));
}
