#!/bin/sh
# Makes what compose.yaml mounts and nobody should copy: a certificate authority, certificates, passwords and keys, in ./made (removed first with
# --again). For trying out: every file can be read by everybody on this machine.
set -eu
cd "$(dirname "$0")"

if [ -e made ]; then
  [ "${1:-}" = --again ] || { echo 'deploy/compose/made is there already; --again makes it anew.' >&2; exit 1; }
  rm -rf made
fi
command -v openssl >/dev/null || { echo 'openssl is needed.' >&2; exit 1; }
mkdir -p made/tls made/secrets

secret() { # name
  openssl rand -hex 24 | tr -d '\n' >"made/secrets/$1"
}
certificate() { # name, subject alternative names
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "made/tls/$1.key" -out made/tls/request.pem 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$2" >made/tls/extensions
  openssl x509 -req -days 30 -in made/tls/request.pem -CA made/tls/ca.crt -CAkey made/ca.key \
    -extfile made/tls/extensions -out "made/tls/$1.crt" 2>/dev/null
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=Gatehouse trial' \
  -keyout made/ca.key -out made/tls/ca.crt 2>/dev/null
certificate gateway 'DNS:localhost,DNS:gateway.localhost,IP:127.0.0.1'
certificate admin 'DNS:localhost,DNS:admin,IP:127.0.0.1'
certificate login 'DNS:login.localhost,DNS:localhost'
rm -f made/tls/request.pem made/tls/extensions

for name in postgres-password mysql-password shop-password redis-password masking-key session-key client-secret agent-secret; do
  secret "$name"
done
openssl genpkey -algorithm ed25519 -out made/secrets/signing-key
printf 'requirepass %s\n' "$(cat made/secrets/redis-password)" >made/redis.conf
sed -e "s/@client-secret@/$(cat made/secrets/client-secret)/" -e "s/@agent-secret@/$(cat made/secrets/agent-secret)/" \
  realm.json >made/realm.json
chmod -R a+rX made
echo 'Ready. Next: docker compose up --build'
