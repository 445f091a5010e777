# Makes nvcc's PTX the same in every folder. What has no linkage is named after a hash of the folder,
# eight hexadecimal digits after _INTERNAL_ and after _GLOBAL__N__; here they become zeros, which
# keeps the lengths that mangled names begin with. The debug section holds such names as numbers.

# Zeros for the eight digits after each `start`.
function neutral(text, start, digit, zeros, result, hash) {
    result = ""
    hash = start digit digit digit digit digit digit digit digit
    while (match(text, hash)) {
        result = result substr(text, 1, RSTART - 1) start zeros
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

# Writes the bytes read so far, as many to a line as they came.
function flush_bytes(items, item, line, i, j) {
    if (lines == 0) {
        return
    }
    bytes = neutral(bytes, "95,73,78,84,69,82,78,65,76,95", ",[0-9]+", ZEROS)
    bytes = neutral(bytes, "95,71,76,79,66,65,76,95,95,78,95,95", ",[0-9]+", ZEROS)
    split(bytes, items, ",")
    item = 0
    for (i = 1; i <= lines; i++) {
        line = ""
        for (j = 1; j <= count[i]; j++) {
            line = line (j > 1 ? "," : "") items[++item]
        }
        print ".b8 " line
    }
    lines = 0
    bytes = ""
}

BEGIN { ZEROS = ",48,48,48,48,48,48,48,48" }

/^\.b8 [0-9,]+$/ {
    count[++lines] = split(substr($0, 5), unused, ",")
    bytes = bytes (lines > 1 ? "," : "") substr($0, 5)
    next
}

{
    flush_bytes()
    print neutral(neutral($0, "_INTERNAL_", "[0-9a-f]", "00000000"), "_GLOBAL__N__", "[0-9a-f]", "00000000")
}

END { flush_bytes() }
