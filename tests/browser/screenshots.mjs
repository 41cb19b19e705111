// Pictures of the page, to be looked at: at a desk and on a phone, by day and by night, live, cut off and signed out.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { by, connection } from "./screen.mjs";

const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

export async function takeScreenshots(cast, folder) {
  mkdirSync(folder, { recursive: true });
  const [{ page, line }] = cast.alice.tabs;
  const pictures = async (state) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.screenshot({ path: join(folder, `${state}-${size}-${colorScheme}.png`) });
        if (size === "phone") {
          await page.screenshot({ path: join(folder, `${state}-${size}-${colorScheme}-whole.png`), fullPage: true });
        }
      }
    }
  };

  await cast.alice.trader.startAutopilot();
  await by(page, "signal-row").first().waitFor();
  await pictures("live");
  line.cut();
  await connection(page, "reconnecting");
  await pictures("reconnecting");
  line.mend();
  await connection(page, "live");
  await cast.alice.trader.post("/api/sign-out/everywhere");
  await connection(page, "stopped");
  await pictures("signed-out");
}
