// Text of every kind that a model writes, for the benchmark of the screen.

export const CORPUS = `## How a cache of keys and values works

A transformer computes, for every token, a *key*, a *value* and a *query*. When it generates one token after the other, the
keys and values of the earlier ones never change, so a **cache** keeps them and each new step costs one row instead of all.
The price is memory: \`2 * layers * heads * size\` numbers for every token, see [the paper](https://example.org/attention).

1. The prompt is read in chunks, and its keys and values are stored.
2. Each new token adds one row to each layer.
   - a long chat fills the context
   - a shared beginning is read only once
3. When the context is full, something has to go.

\`\`\`python
def attend(query, keys, values):
    scores = [dot(query, key) / math.sqrt(len(query)) for key in keys]
    weights = softmax(scores)  # they sum to one
    return [sum(w * v[i] for w, v in zip(weights, values)) for i in range(len(query))]
\`\`\`

> A cache that is wrong is worse than none.

| model | layers | bytes a token |
|-------|-------:|--------------:|
| small |     16 |        65,536 |
| large |     40 |       163,840 |

日本語の文章も混ざります。キャッシュは計算を節約します。 And some emoji: 👍 🎉 👩‍👩‍👧, and accents: é à ü ñ.

---

`;
