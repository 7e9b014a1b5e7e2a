// The API's reference, from this service's own OpenAPI document.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // or it would ask a server of its makers for a badge
});
