/** The probes that the admin face answers. */
export const probes = ['livez', 'readyz', 'startupz'] as const
