# psql: each login is a run of its own (`LoginProgram` in driver.ts).
host=$GATEHOUSE_HOST port=$GATEHOUSE_PORT ca=$GATEHOUSE_CA cert=$GATEHOUSE_CERT key=$GATEHOUSE_KEY issuer=$GATEHOUSE_ISSUER
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tab=$(printf '\t')

run() {
  # shown: begin
  export PGPASSWORD=$secret
  connection="host=$host port=$port dbname=$target user=$user sslmode=verify-full sslrootcert=$ca"
  # For a session credential, besides: only SCRAM-SHA-256-PLUS will do.
  bound="$connection channel_binding=require"
  # psql 18 fetches the token itself: it prints an address and a code to open it with.
  bearer="$connection oauth_issuer=$issuer oauth_client_id=psql options=-cgatehouse.login=oauthbearer"
  # A client certificate needs no password.
  certified="$connection sslcert=$cert sslkey=$key"
  # shown: end
  case $way in
    bare) connection="host=$host port=$port dbname=$target user=$user" ;;
    off) connection="host=$host port=$port dbname=$target user=$user sslmode=disable" ;;
    scram) connection="$connection channel_binding=disable" ;;
    scram-plus) connection=$bound ;;
    certificate) connection=$certified ;;
    oauthbearer)
      unset PGPASSWORD
      export PGOAUTHDEBUG=UNSAFE # the issuer of the tests has no TLS
      connection=$bearer
      ;;
  esac
  psql -X -A -t -v VERBOSITY=verbose -d "$connection" -c 'SELECT ssn FROM people WHERE id = 1' -c 'DROP TABLE people' <&3
}

exec 3</dev/null
while IFS=$tab read -r way target user secret; do
  run >"$scratch/out" 2>"$scratch/err"
  value=$(head -n 1 "$scratch/out")
  cat "$scratch/err" >&2
  said=$(tr '\t\n' '  ' <"$scratch/err")
  code=$(sed -n 's/^ERROR:  \([0-9A-Z]\{5\}\): .*/\1/p' "$scratch/err" | head -n 1)
  how=in
  test -z "$value$code" && how=out
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$way" "$target" "$how" "$value" "$code" "$said"
done
