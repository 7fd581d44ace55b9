// What is used of the client of the Model Context Protocol; the build puts just that into this file, instead of a dozen packages.
export {
  Client,
  parseJSONRPCMessage,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
