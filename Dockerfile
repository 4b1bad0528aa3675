# Build with the whole toolchain, run with production dependencies only.
ARG NODE_VERSION=24
FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts
COPY src ./src
COPY mappings ./mappings
COPY test/peers ./test/peers
RUN npm run build && rm -rf dist/test && npm prune --omit=dev --ignore-scripts

FROM node:${NODE_VERSION}-slim
LABEL org.opencontainers.image.title="oscp-gateway" \
      org.opencontainers.image.description="Gateway between OSCP 1.0 (SOAP) and OSCP 2.0 (JSON)" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY wsdl ./wsdl
# Settings stand in a file, not in ENV, so that a file mounted over it, a variable or its _FILE form each can say otherwise.
COPY deploy/default.yaml /etc/oscp-gateway/gateway.yaml
ENV NODE_ENV=production \
    OSCP_GW_CONFIG=/etc/oscp-gateway/gateway.yaml
USER 1000:1000
EXPOSE 8080 8081
# Asks where listen.admin is by default: whoever moves that must say so here too (docker run --health-cmd, or compose).
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8082/livez').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["start"]
