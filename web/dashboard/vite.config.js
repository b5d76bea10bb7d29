// Builds the dashboard into what the program embeds: names that hold a hash of their content, and nothing inline, so
// that the page works under a Content-Security-Policy that allows the server's own files only.
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

// `npm run dev` serves the sources and passes questions on to a server whose admin.port this is.
const server = process.env.TROUPE_ADMIN ?? "http://127.0.0.1:9000";
const licence = readFileSync(new URL("node_modules/uplot/LICENSE", import.meta.url), "utf8");

export default defineConfig({
  base: "/admin/",
  build: {
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    rollupOptions: { output: { banner: `/*! uPlot:\n${licence}*/` } },
  },
  server: { proxy: { "/debug": server } },
});
