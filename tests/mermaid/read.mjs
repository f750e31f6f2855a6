// Reads diagrams, a JSON list on standard input, with the real Mermaid: what it would draw, or why not.
// Its sanitiser wants a browser and changes nothing but labels: here they pass it by.
import { text } from "node:stream/consumers";
import DOMPurify from "dompurify";
import mermaid from "mermaid";

Object.assign(DOMPurify, { addHook: () => {}, sanitize: (label) => label });

async function read(diagram) {
  try {
    await mermaid.parse(diagram); // knows the kinds of diagrams from then on
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(diagram);
    const nodes = [...db.getVertices().values()].map(({ id, text }) => [id, text ?? id]);
    const edges = db.getEdges().map(({ start, end, text }) => [start, end, text]);
    return { nodes, edges };
  } catch (error) {
    return { error: error.message };
  }
}

const answers = [];
for (const diagram of JSON.parse(await text(process.stdin))) {
  answers.push(await read(diagram));
}
console.log(JSON.stringify(answers));
