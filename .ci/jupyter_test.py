"""The public tests of Jupyter kernels (jupyter_kernel_test), with our snippets for each of its features."""

import unittest

import jupyter_kernel_test


class AsterismTests(jupyter_kernel_test.KernelTests):
    kernel_name = "asterism"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [
        {"text": "const rate = Mat", "matches": ["Math"]},
        {"text": "Math.hyp", "matches": ["hypot"]},
    ]
    complete_code_samples = ["1", "await Promise.resolve(2)", "interface A { x: number }", "Math?"]
    incomplete_code_samples = ["for (;;) {", "const x = `open", "/* open", "f(1,"]
    invalid_code_samples = ["const x = ;", "}", "let 1"]
    code_page_something = "Math.max?"
    code_generate_error = "throw new TypeError('expected')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2].map((n: number) => n * 2)", "result": "[ 2, 4 ]"},
        {"code": "html('<b>x</b>')", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": "display(html('<b>x</b>'))", "mime": "text/html"},
        {"code": "display(markdown('**x**'))", "mime": "text/markdown"},
        {"code": "display(json({ a: 1 }))", "mime": "application/json"},
    ]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "parseInt"
    code_clear_output = "clearOutput()"


if __name__ == "__main__":
    unittest.main(verbosity=2)
