// What a symbol looks like; the API refuses anything else.

const INDICES = ["VNINDEX", "VN30", "VN100", "VNALL", "VNMID", "VNSML", "VNXALL", "VNX50", "HNXINDEX", "HNX30", "UPCOMINDEX"];

/** Whether prices are points. */
export const isIndex = (text) => INDICES.includes(text);

/** Whether a text, in upper case, can name a stock, a warrant or an index. */
export const isSymbol = (text) => /^([A-Z0-9]{3}|[A-Z0-9]{8})$/.test(text) || isIndex(text);
