# mistral serve in a container. Targets: `cpu` (the default, last stage) and `cuda`.
#   docker build -t mistral-chat .
#   docker build --target cuda -t mistral-chat:cuda .

FROM node:22-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM build AS build-cuda
RUN node bin/mistral.js setup gpu --build cuda

# The engine's CUDA library needs libcudart and libcublas of version 13, which the runtime image has.
FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04 AS cuda
COPY --from=node:22-bookworm-slim /usr/local/bin/node /usr/local/bin/node
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 mistral
WORKDIR /app
COPY --from=build-cuda /app/package.json /app/LICENSE /app/THIRD_PARTY_NOTICES.txt ./
COPY --from=build-cuda /app/bin ./bin
COPY --from=build-cuda /app/dist ./dist
COPY --from=build-cuda /app/models/demo ./models/demo
COPY --from=build-cuda /app/node_modules ./node_modules
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Listening beyond the container takes a key: set MISTRAL_SERVE_KEY.
ENTRYPOINT ["node", "bin/mistral.js", "serve", "--host", "0.0.0.0", "--port", "8080"]

FROM node:22-bookworm-slim AS cpu
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 mistral
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE /app/THIRD_PARTY_NOTICES.txt ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
COPY --from=build /app/models/demo ./models/demo
COPY --from=build /app/node_modules ./node_modules
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/mistral.js", "serve", "--host", "0.0.0.0", "--port", "8080"]
