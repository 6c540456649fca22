// Table: the forms of API keys and tokens as their issuers document them.

/** What a key is made of behind its prefix. */
export type KeyAlphabet = 'alphanumeric' | 'upper' | 'hex' | 'base64url' | 'base64' | 'dotted'

/** A key with a prefix. `mixed`: the prefix is short, so what follows must look like no name; it may be longer than `most`, which is where the search stops. */
export interface KeyForm {
  readonly prefix: string
  readonly alphabet: KeyAlphabet
  readonly fewest: number
  readonly most: number
  readonly mixed?: true
}

const form = (prefix: string, alphabet: KeyAlphabet, fewest: number, most: number = fewest, mixed?: true): KeyForm =>
  mixed === undefined ? { prefix, alphabet, fewest, most } : { prefix, alphabet, fewest, most, mixed }

/** Where one prefix is the beginning of another, the longer goes first. */
export const keyForms: readonly KeyForm[] = [
  // AWS: "Understanding unique ID prefixes" of the IAM user guide.
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => form(prefix, 'upper', 16)),
  // GitHub: "About authentication to GitHub", token formats.
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form(prefix, 'base64url', 36, 520)),
  form('github_pat_', 'base64url', 36, 255),
  // GitLab: "GitLab token overview", prefixes.
  ...[
    'glpat-',
    'gldt-',
    'glrt-',
    'glptt-',
    'glcbt-',
    'glft-',
    'glimt-',
    'glagent-',
    'glsoat-',
    'gloas-',
    'glffct-',
  ].map((prefix) => form(prefix, 'dotted', 20, 300)),
  // Slack: "Token types".
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxo-', 'xoxc-', 'xoxd-', 'xapp-'].map((prefix) =>
    form(prefix, 'base64url', 16, 400),
  ),
  form('xoxe.xoxp-', 'base64url', 16, 400),
  form('xoxe.xoxb-', 'base64url', 16, 400),
  // Stripe: "API keys", "Webhook signatures"; publishable keys (pk_) are no secret.
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => form(prefix, 'alphanumeric', 16, 255)),
  form('whsec_', 'base64', 24, 120),
  // Google: API keys, OAuth client secrets and access tokens.
  form('AIza', 'base64url', 35),
  form('GOCSPX-', 'base64url', 24, 40),
  form('ya29.', 'base64url', 30, 2048),
  // OpenAI, Anthropic, OpenRouter and those who took over their form.
  form('sk-ant-', 'base64url', 24, 255),
  form('sk-proj-', 'base64url', 24, 255),
  form('sk-svcacct-', 'base64url', 24, 255),
  form('sk-admin-', 'base64url', 24, 255),
  form('sk-or-v1-', 'hex', 64),
  form('sk-', 'base64url', 20, 4096, true),
  // Package registries.
  form('npm_', 'alphanumeric', 36),
  form('pypi-', 'base64url', 50, 500),
  form('rubygems_', 'hex', 48),
  form('dckr_pat_', 'base64url', 24, 60),
  // SendGrid, Mailgun, Twilio.
  form('SG.', 'dotted', 60, 90),
  form('key-', 'hex', 32),
  form('SK', 'hex', 32),
  // Shopify, Square, DigitalOcean, Hugging Face, HashiCorp Vault, Grafana and others with prefixes of their own.
  ...['shpat_', 'shpss_', 'shpca_', 'shppa_'].map((prefix) => form(prefix, 'hex', 32)),
  form('sq0atp-', 'base64url', 22, 64),
  form('sq0csp-', 'base64url', 40, 64),
  ...['dop_v1_', 'doo_v1_', 'dor_v1_'].map((prefix) => form(prefix, 'hex', 64)),
  form('hf_', 'alphanumeric', 30, 60),
  ...['hvs.', 'hvb.', 'hvr.'].map((prefix) => form(prefix, 'base64url', 24, 300)),
  form('glsa_', 'base64url', 32, 64),
  form('glc_', 'base64', 32, 400),
  form('lin_api_', 'alphanumeric', 32, 64),
  form('ntn_', 'alphanumeric', 40, 60),
  form('figd_', 'base64url', 30, 80),
  form('PMAK-', 'base64url', 59),
  form('NRAK-', 'upper', 27),
  form('sntrys_', 'base64', 40, 500),
  form('sbp_', 'hex', 40),
  form('sb_secret_', 'base64url', 20, 80),
  form('dp.pt.', 'alphanumeric', 40, 44),
  form('dp.st.', 'dotted', 40, 80),
  form('pscale_pw_', 'base64url', 32, 64),
  form('pscale_tkn_', 'base64url', 32, 64),
  form('ATATT3', 'base64url', 40, 400),
  form('gsk_', 'alphanumeric', 40, 80),
  form('xai-', 'alphanumeric', 40, 120),
  form('pplx-', 'alphanumeric', 40, 64),
  form('r8_', 'alphanumeric', 37, 40),
  form('AGE-SECRET-KEY-1', 'upper', 58),
  form('EAAA', 'base64url', 60, 64),
]

/** What stands before `=` or `:` where a secret follows, in lower case without `_`, `-`, `.` and blanks; and the fewest bytes of that secret. */
export const secretNames: readonly (readonly [name: string, fewest: number])[] = [
  ['secretaccesskey', 30],
  ['awssecretkey', 30],
  ['apikey', 16],
  ['apisecret', 16],
  ['accesstoken', 16],
  ['authtoken', 16],
  ['refreshtoken', 16],
  ['clientsecret', 16],
  ['secretkey', 16],
  ['appsecret', 16],
  ['signingkey', 16],
  ['signingsecret', 16],
  ['encryptionkey', 16],
  ['accountkey', 40],
  ['authorization', 16],
  ['password', 8],
  ['passwd', 8],
  ['pwd', 8],
]
