# The image: compiled JavaScript and the production dependencies, nothing else. Build it with
# `make image` or `docker build -t sluice .`.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY lib lib
RUN node node_modules/ts7/bin/tsc -p tsconfig.build.json

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc LICENSE ./
# The image has Node.js already, so the platform packages that bring it to a checkout stay out.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY bin bin
COPY --from=build /src/dist dist
# The one folder that is written: the store and the API's token. Mount a volume there to keep them;
# whoever runs it may write there, and its files are for their own user alone.
RUN mkdir -m 1777 /var/lib/sluice
ENV SLUICE_DATA=/var/lib/sluice
# A number, so that runAsNonRoot can be checked; any other user works as well.
USER 1000:1000
EXPOSE 8080
# No shell and no npm in between: the gateway itself gets SIGTERM and drains.
# What is young is collected in steps of 8 MB; left to itself, Node.js lets it grow to 64 and more.
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/bin/sluice.js"]
CMD ["run"]
