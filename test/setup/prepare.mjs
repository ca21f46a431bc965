/**
 * Started by the tests: the package step of the set-up on a machine that the tests describe.
 * `node prepare.mjs '{"uid":0,"bin":DIR,"places":{...}}'`
 */
import { endWith, preparePackages } from "../../lab/setup/setup.mjs";
import { searchFolders } from "../../lab/setup/machine.mjs";

const { uid, bin, places } = JSON.parse(process.argv[2]);

await endWith(async () => {
  await preparePackages("demo", { uid, folders: searchFolders(bin, [bin]), places });
  return 0;
});
