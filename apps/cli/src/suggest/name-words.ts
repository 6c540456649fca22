// A table: words that are written together in names, and what they are apart.

/** Words written together that mean what they mean apart. */
const COMPOUNDS: ReadonlyMap<string, readonly string[]> = new Map(
  `first name;last name;middle name;full name;sur name>surname;given name;family name;maiden name;nick name>nickname;
user name;display name;birth date;birth day>birthday;date of birth;birth place;birth year;email address;mail address;e mail>email;
phone number;phone no;phone num;mobile number;mobile phone;cell phone;tele phone>telephone;contact number;fax number;
credit card;card number;card no;card num;card holder;cc number;cc num;cc no;account number;account no;acct no;acct num;acct number;
bank account;routing number;sort code;zip code;post code>postcode;postal code;street address;home address;address line;house number;
pass word>password;pass wd>password;pwd hash;password hash;passwd hash;pass hash;pass phrase>passphrase;pass code>passcode;
api key;api token;api secret;access token;access key;refresh token;auth token;session token;client secret;secret key;private key;
signing key;encryption key;ip address;ip addr;mac address;mac addr;social security;social security number;tax id;tax number;
national id;passport number;passport no;drivers license;driver license;drivers licence;driving licence;license plate;
user agent;device id;id number;last ip;tax vat;ssn id;ip addr;customer name;employee name;contact name;patient name;blood type;marital status;mother maiden name`
    .split(/[;\n]+/)
    .map((entry): [string, readonly string[]] => {
      const [apart = '', together] = entry.split('>')
      return [apart.replaceAll(' ', ''), (together ?? apart).split(' ')]
    }),
)

/**
 * The words of a name, in lower case and without accents: `BillingEMailAddress2` is billing, email, address, 2. Parts at
 * anything but letters and digits, at camel case, and between letters and digits.
 */
export function nameWords(name: string): readonly string[] {
  const parts = name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll(/(\p{L})(\p{N})/gu, '$1 $2')
    .replaceAll(/(\p{N})(\p{L})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
  const words: string[] = []
  for (const part of parts) {
    const last = words.at(-1)
    if (last === 'e' && part.startsWith('mail')) words.splice(-1, 1, ...apart(`e${part}`))
    else words.push(...apart(part))
  }
  return words
}

function apart(word: string): readonly string[] {
  return COMPOUNDS.get(word) ?? [word]
}

/** A word as the tables have it: one, not several (`customers` is customer, `addresses` is address). */
export function singular(word: string): string {
  if (word.length < 4 || word.endsWith('ss') || word.endsWith('us') || word.endsWith('is')) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2)
  return word.endsWith('s') ? word.slice(0, -1) : word
}
