# Makes nvcc's PTX the same in every folder. nvcc names what has no linkage after a hash of the
# folder, the eight hexadecimal digits after _INTERNAL_ and _GLOBAL__N__. They become zeros, which
# keeps the lengths that mangled names begin with.
function neutral(text, start, result) {
    result = ""
    while (match(text, start "[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]")) {
        result = result substr(text, 1, RSTART - 1) start "00000000"
        text = substr(text, RSTART + RLENGTH)
    }
    return result text
}

{ print neutral(neutral($0, "_INTERNAL_"), "_GLOBAL__N__") }
