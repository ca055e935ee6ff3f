// The page at /graphql: GraphiQL with a place for the token and the inbox screen as its first query.
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import inbox from "./inbox.graphql";

const PLACEHOLDER = "mh_YOUR_TOKEN";
const HEADERS = JSON.stringify({ Authorization: `Bearer ${PLACEHOLDER}` }, null, 2);
const VARIABLES = JSON.stringify({ account: "external:demo-ana" }, null, 2);
const NO_HISTORY = []; // it would keep the headers, and with them the token, in the browser
const PAUSE = 500; // milliseconds without a key after which a token counts as typed
const WORKERS = { graphql: "graphql.worker.js", json: "json.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? "editor.worker.js", import.meta.url)),
};

// A new function each time: GraphiQL asks for the schema again whenever it is given another one.
const fetcher = () => async (asked, { headers } = {}) => {
  if (asked.operationName === "IntrospectionQuery" && !tokenIn(JSON.stringify(headers ?? {}))) {
    throw new Error("The schema is shown here once there is a token under “Headers”.");
  }
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { accept: "application/graphql-response+json", "content-type": "application/json", ...headers },
    body: JSON.stringify(asked),
  });
  return answer.json();
};

function tokenIn(text) {
  try {
    const [, value] = Object.entries(JSON.parse(text)).find(([name]) => name.toLowerCase() === "authorization") ?? [];
    return typeof value === "string" && !value.includes(PLACEHOLDER) ? value : "";
  } catch {
    return ""; // half-typed
  }
}

function Page() {
  const [fetch, setFetch] = useState(fetcher);
  const [last] = useState({ token: "", timer: 0 });
  const edited = (text) => {
    clearTimeout(last.timer);
    last.timer = setTimeout(() => {
      const token = tokenIn(text);
      if (token && token !== last.token) setFetch(fetcher);
      last.token = token;
    }, PAUSE);
  };
  return (
    <GraphiQL
      fetcher={fetch}
      defaultQuery={inbox}
      initialVariables={VARIABLES}
      defaultHeaders={HEADERS}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
      plugins={NO_HISTORY}
      onEditHeaders={edited}
    />
  );
}

createRoot(document.getElementById("graphiql")).render(<Page />);
