"""The style sheet of the report."""

from typing import Final

STYLE: Final = """
:root{--paper:#fff;--ink:#1c2128;--soft:#57606a;--rule:#d0d7de;--s1:#0b5fcc;--s2:#b35900;--s3:#57606a}
@media(prefers-color-scheme:dark){
:root{--paper:#15191f;--ink:#e6edf3;--soft:#9aa7b4;--rule:#39424d;--s1:#6cb6ff;--s2:#f0a04b;--s3:#adbac7}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}
header p,figcaption,caption{color:var(--soft)}
ul{padding-left:1.2rem}
li{margin:.3rem 0}
figure{margin:1rem 0;max-width:40rem}
figcaption,caption{text-align:left;font-size:.9rem;padding:.3rem 0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 2rem}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule)}
th,td{text-align:right;white-space:nowrap;vertical-align:bottom}
th{font-weight:600}
thead th{white-space:normal;min-width:5rem}
th:first-child{text-align:left;padding-left:0;white-space:normal;min-width:8rem}
summary{cursor:pointer;color:var(--s1)}
dt{color:var(--soft);font-size:.9rem}
dd{margin:0 0 .5rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.grid{stroke:var(--rule);stroke-width:.5}
.axis,.whisker{stroke:var(--ink);stroke-width:1;fill:none}
.diagonal{stroke:var(--soft);stroke-dasharray:4 3;fill:none}
.bar{fill:var(--s1);opacity:.75}
.point{fill:var(--s1)}
.line{fill:none;stroke-width:1.5;stroke-linejoin:round}
.s1{stroke:var(--s1)}
.s2{stroke:var(--s2);stroke-dasharray:6 2}
.s3{stroke:var(--s3);stroke-dasharray:2 2}
@media print{details{display:block}}
"""
