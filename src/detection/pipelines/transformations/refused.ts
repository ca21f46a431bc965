/** Transformations of pySigma that are refused, and why. */
export const refusedTransformations: Readonly<
  Record<string, { readonly why: string; readonly hint: string }>
> = {
  query_expression_placeholders: {
    why: "puts a piece of a query where a value stands, and a matcher has no query",
    hint: "give the values with value_placeholders",
  },
  file_placeholders: {
    why: "reads a file while a rule is processed",
    hint: "give the values in the pipeline's vars and use value_placeholders",
  },
  http_placeholders: {
    why: "asks a server while a rule is processed",
    hint: "give the values in the pipeline's vars and use value_placeholders",
  },
  command_placeholders: {
    why: "runs a command while a rule is processed",
    hint: "give the values in the pipeline's vars and use value_placeholders",
  },
  field_name_transform: {
    why: "needs a function of Python, which no file can hold",
    hint: "write the names out with field_name_mapping",
  },
  extract_fields: {
    why: "makes fields of parts of a value, which no known events have",
    hint: "use hashes_fields for hashes, or field_name_mapping with replace_string",
  },
};
