# Two images of one build. `docker build .` makes the gateway: production dependencies, no simulated peers. `--target peers` adds those, for
# `demo`, `fake` and compose. The base is one argument, pinned by digest; renew both parts together:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… --build-arg VERSION=1.2.3 --build-arg REVISION=$(git rev-parse HEAD) .
ARG NODE_IMAGE=node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json build.mjs ./
RUN npm ci --ignore-scripts
COPY src ./src
COPY mappings ./mappings
COPY test/peers ./test/peers
RUN npm run build && mv dist/test /peers && npm prune --omit=dev --ignore-scripts
# What /metrics and --version say, and what is inside: the dependencies as a CycloneDX list.
ARG VERSION=
ARG REVISION=unknown
RUN if [ -n "$VERSION" ]; then npm version --no-git-tag-version --allow-same-version "$VERSION"; fi \
 && printf '%s\n' "$REVISION" > REVISION \
 && npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom.cdx.json

FROM ${NODE_IMAGE} AS runtime
ARG VERSION=
ARG REVISION=unknown
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.title="oscp-gateway" \
      org.opencontainers.image.description="Gateway between OSCP 1.0 (SOAP) and OSCP 2.0 (JSON)" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json /app/REVISION /app/sbom.cdx.json ./
COPY LICENSE ./
COPY wsdl ./wsdl
# Settings stand in a file, not in ENV, so that a file mounted over it, a variable or its _FILE form each can say otherwise.
COPY deploy/default.yaml /etc/oscp-gateway/gateway.yaml
ENV NODE_ENV=production \
    OSCP_GW_CONFIG=/etc/oscp-gateway/gateway.yaml
USER 1000:1000
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# Asks where listen.admin of the configuration is; needs neither a shell nor curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "dist/src/cli/health.js"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["start"]

FROM runtime AS peers
COPY --from=build /peers ./dist/test

# The last stage is what is built when no target is named.
FROM runtime AS gateway
