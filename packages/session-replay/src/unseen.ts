/** Characters that a terminal acts on, or that make a text look other than it is. */
export const UNSEEN: RegExp = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu
