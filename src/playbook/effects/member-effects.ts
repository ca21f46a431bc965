import type { Effect } from "../../model/playbook.js";

/** What members of objects of .NET and of the Windows Script Host are for, by the beginning of their names. */
const effects: readonly (readonly [Effect, RegExp])[] = [
  [
    "network",
    /^(download|upload|openread|openwrite|getresponse|getrequest|connect|send|geturi|getasync|post|mapnetworkdrive)/,
  ],
  [
    "destructive",
    /^(delete|kill|terminate|shutdown|reboot|win32shutdown|stop|remove|clear|move|encrypt|regdelete|setpassword)/,
  ],
  ["persistence", /^(setvalue|createsubkey|regwrite|registertask|createshortcut|addwindowsprinter)/],
  [
    "outside-work-folder",
    /^(write(all|lines)|appendall|createtext|appendtext|copy(to|file|folder)|savetofile|setaccess|setattributes)/,
  ],
  ["credentials", /^(getpassword|getnetworkcredential|exportparameters|regread)/],
];

/**
 * The effect that a member's name tells of, whatever it is a member of; null when it tells of none. Computed code may be allowed
 * where this is not: what can be read must be declared by its own name.
 */
export function memberEffect(name: string): Effect | null {
  const member = name.toLowerCase();
  return effects.find(([, pattern]) => pattern.test(member))?.[0] ?? null;
}
