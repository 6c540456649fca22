# What the programs of the two MySQL clients share: attempts in, outcomes out; `run` runs the client once.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tab=$(printf '\t')

logins() {
  while IFS=$tab read -r way target user secret; do
    export MYSQL_PWD=$secret
    statements='SELECT ssn FROM people WHERE id = 1; DROP TABLE people;'
    printf '%s\n' "$statements" >"$scratch/in"
    run <"$scratch/in" >"$scratch/out" 2>"$scratch/err"
    value=$(sed -n 2p "$scratch/out")
    said=$(tr '\t\n' '  ' <"$scratch/err")
    code=$(sed -n 's/^ERROR \([0-9]*\) .*/\1/p' "$scratch/err" | head -n 1)
    how=in
    test -z "$value" && how=out
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$way" "$target" "$how" "$value" "$code" "$said"
  done
}
